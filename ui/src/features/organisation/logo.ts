/** What makes a file a logo. The server holds the same rules; here they save a round trip and explain. */
export const MAX_LOGO_BYTES = 64 * 1024;

type LogoType = "image/png" | "image/jpeg" | "image/webp";

/** What the first bytes say it is. Source: the WHATWG's MIME Sniffing Standard, section 6.1. */
export function sniff(bytes: Uint8Array): LogoType | null {
  const starts = (signature: readonly number[], at = 0) => signature.every((byte, index) => bytes[at + index] === byte);
  if (starts([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "image/png";
  if (starts([0xff, 0xd8, 0xff])) return "image/jpeg";
  if (starts(ascii("RIFF")) && starts(ascii("WEBPVP"), 8)) return "image/webp";
  return null;
}

/** The data URL to send, or what is wrong with the file. */
export function logoOf(bytes: Uint8Array): { url: string } | { problem: string } {
  const type = sniff(bytes);
  if (!type)
    return { problem: "Choose a PNG, JPEG or WebP picture. This file is none of them, whatever its name says." };
  if (bytes.length > MAX_LOGO_BYTES) {
    return { problem: `Choose a file of at most 64 KiB; this one has ${Math.ceil(bytes.length / 1024)} KiB.` };
  }
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return { url: `data:${type};base64,${btoa(binary)}` };
}

const ascii = (text: string) => Array.from(text, (char) => char.charCodeAt(0));
