/**
 * noVNC 1.7 has no types. Below is what we use of it; names with an underscore are internal, needed by
 * `MeteredRfb` alone, and the reason why the version is pinned exactly.
 */
declare module "@novnc/novnc" {
  interface Sock {
    rQwait(what: string, bytes: number, goback?: number): boolean;
    rQpeekBytes(bytes: number, copy?: boolean): Uint8Array;
    rQskipBytes(bytes: number): void;
  }

  export default class RFB extends EventTarget {
    constructor(
      target: HTMLElement,
      channel: object,
      options?: { shared?: boolean; credentials?: { password?: string } },
    );
    viewOnly: boolean;
    scaleViewport: boolean;
    resizeSession: boolean;
    clipViewport: boolean;
    dragViewport: boolean;
    showDotCursor: boolean;
    focusOnClick: boolean;
    background: string;
    disconnect(): void;
    focus(options?: FocusOptions): void;
    blur(): void;
    sendKey(keysym: number, code: string | null, down?: boolean): void;
    sendCtrlAltDel(): void;
    clipboardPasteFrom(text: string): void;

    static messages: { clientFence(sock: Sock, flags: number, payload: string): void };
    protected _sock: Sock;
    protected _FBU: { encoding: number | null; width: number; height: number };
    protected _display: { pending(): boolean; flush(): Promise<unknown> };
    protected _supportsFence: boolean;
    protected _rfbConnectionState: string;
    protected _handleRect(): boolean;
    protected _framebufferUpdate(): boolean;
    protected _handleServerFenceMsg(): boolean;
  }
}
