import { defineConfig } from "vite";

// The page is served at /graphql and its files under /explorer/: both from the gateway itself.
export default defineConfig({
  base: "/explorer/",
  worker: { format: "es" },
  build: {
    outDir: "dist",
    target: "es2022",
    sourcemap: false,
    modulePreload: { polyfill: false },
    // The editor is large whatever is done; it is loaded once and kept.
    chunkSizeWarningLimit: 8000,
    rolldownOptions: {
      onLog(level, log, handler) {
        // Directives of React frameworks ("use client"), which mean nothing in a page that is built as a whole.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") handler(level, log);
      },
    },
  },
});
