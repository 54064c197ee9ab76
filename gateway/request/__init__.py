"""One request over HTTP as bytes: who sent it, its body and uploads, its limits, and what goes back."""
