import { useEffect, useRef } from "react";
import type { ViewerConnection, ViewerSnapshot } from "./viewerConnection";

/**
 * Keeps both clipboards alike where that needs no question: what is copied in the session goes to this
 * device, and on coming back to the tab what was copied here goes to the session, if the browser has already
 * been given leave to read it. The panel does both by hand everywhere else.
 */
export function useClipboardSync(connection: ViewerConnection | null, snapshot: ViewerSnapshot): void {
  const { remoteClipboard, permissions } = snapshot;
  const last = useRef<string | null>(null);

  useEffect(() => {
    if (remoteClipboard === null || remoteClipboard === last.current) return;
    last.current = remoteClipboard;
    void write(remoteClipboard);
  }, [remoteClipboard]);

  const canSend = permissions?.clipboard_in === true && permissions.control;
  useEffect(() => {
    if (!connection || !canSend) return undefined;
    const bring = async () => {
      const text = await readIfGranted();
      if (!text || text === last.current) return;
      last.current = text;
      connection.pasteText(text);
    };
    const focus = () => void bring();
    window.addEventListener("focus", focus);
    return () => window.removeEventListener("focus", focus);
  }, [connection, canSend]);
}

async function write(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Not focused, not permitted or not a secure context: it stays in the panel.
  }
}

async function readIfGranted(): Promise<string | null> {
  try {
    const permission = await navigator.permissions.query({ name: "clipboard-read" as PermissionName });
    return permission.state === "granted" ? await navigator.clipboard.readText() : null;
  } catch {
    return null;
  }
}
