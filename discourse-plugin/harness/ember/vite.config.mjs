import path from "node:path";
import { defineConfig } from "vite";
import discourse from "./vite-plugin.mjs";

const root = import.meta.dirname;

// `page` is "forum" or "tests": each is built by itself, into out/<page>.
export function configuration(page) {
  return defineConfig({
    root,
    base: page === "forum" ? "/ember/" : "./",
    configFile: false,
    logLevel: "warn",
    plugins: [discourse()],
    optimizeDeps: { noDiscovery: true, include: [] },
    css: {
      preprocessorOptions: { scss: { loadPaths: [path.join(root, "styles")] } },
    },
    build: {
      outDir: path.join(root, "out", page === "forum" ? "ember" : page),
      emptyOutDir: true,
      minify: false,
      sourcemap: false,
      target: "es2022",
      reportCompressedSize: false,
      chunkSizeWarningLimit: 10_000,
      rollupOptions: { input: path.join(root, `${page}.html`) },
    },
  });
}
