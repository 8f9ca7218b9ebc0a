/**
 * Cloudscape's style sheet carries its fonts as data: URIs, which our content security policy does not allow
 * and a browser cannot cache apart. This moves each into a file of its own.
 */
import { createHash } from "node:crypto";
import type { Plugin } from "vite";

const EMBEDDED = /url\(["']?data:font\/(woff2?);(?:charset=[\w-]+;)?base64,([A-Za-z0-9+/=]+)["']?\)/g;

export function fontFiles(): Plugin {
  return {
    name: "font-files",
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== "asset" || !file.fileName.endsWith(".css")) continue;
        file.source = String(file.source).replace(EMBEDDED, (_all, extension: string, base64: string) => {
          const source = Buffer.from(base64, "base64");
          const hash = createHash("sha256").update(source).digest("hex").slice(0, 12);
          const fileName = `assets/font-${hash}.${extension}`;
          this.emitFile({ type: "asset", fileName, source });
          return `url(/${fileName})`;
        });
      }
    },
  };
}
