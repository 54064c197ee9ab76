"""PostgreSQL behind Isthmus, behind PostGraphile and behind hand-written code: what a request costs each of them."""
