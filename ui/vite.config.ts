import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { fontFiles } from "./fonts.ts";

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const TOKENS = "./node_modules/@cloudscape-design/components/internal/generated/styles/tokens.js";

export default defineConfig({
  plugins: [react(), fontFiles()],
  resolve: { alias: { "@": local("./src"), "cloudscape-tokens": local(TOKENS) } },
  build: {
    target: "es2022",
    // The page's content security policy allows no data: scripts or fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
