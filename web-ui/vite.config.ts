import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vitest/config";
import type { Plugin } from "vite";

/** Packs the built files once, so that the box never has to. */
function packed(): Plugin {
  let folder = "dist";
  const pack = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path)) pack(join(path, name));
      return;
    }
    if (!/\.(html|js|css|svg|json|webmanifest)$/.test(path)) return;
    const plain = readFileSync(path);
    if (plain.length < 512) return;
    const best = { [constants.BROTLI_PARAM_QUALITY]: 11 };
    writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: best }));
    writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
  };
  return {
    name: "packed",
    apply: "build",
    configResolved: (config) => void (folder = config.build.outDir),
    closeBundle: () => pack(folder),
  };
}

export default defineConfig({
  plugins: [svelte(), tailwindcss(), packed()],
  build: { target: "es2022", manifest: false, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
