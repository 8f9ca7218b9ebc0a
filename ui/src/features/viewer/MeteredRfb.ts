/** noVNC that tells what it sees: when pixels arrive, how many updates a second, and how long a round trip takes. */
import RFB from "@novnc/novnc";

const REQUEST = 0x80000000;
/** "Block before": the server answers after it has handled what we sent earlier. */
const BLOCK_BEFORE = 1;
const HEADER_BYTES = 8;
const PING = "streamspace";
const WINDOW_MS = 1000;

export class MeteredRfb extends RFB {
  /** Called when the first update with pixels is on the canvas. */
  onFirstPixels: (() => void) | null = null;
  onRoundTrip: ((milliseconds: number) => void) | null = null;
  private pixels = false;
  private first = true;
  private updates: number[] = [];
  private pingedAt: number | null = null;

  /** Updates with pixels in the last second. */
  get frameRate(): number {
    const since = performance.now() - WINDOW_MS;
    this.updates = this.updates.filter((at) => at >= since);
    return this.updates.length;
  }

  /** Sends a fence, which the server itself answers: the whole way, there and back. */
  ping(): void {
    if (!this._supportsFence || this._rfbConnectionState !== "connected" || this.pingedAt !== null) return;
    this.pingedAt = performance.now();
    RFB.messages.clientFence(this._sock, (REQUEST | BLOCK_BEFORE) >>> 0, PING);
  }

  /** Ends the connection, if it has not ended itself. */
  hangUp(): void {
    if (this._rfbConnectionState !== "disconnected") this.disconnect();
  }

  /** Pictures are decoded in the background: they are on the canvas once the display has flushed. */
  private async painted(): Promise<void> {
    if (this._display.pending()) await this._display.flush();
    this.onFirstPixels?.();
  }

  protected override _handleRect(): boolean {
    const { encoding, width, height } = this._FBU;
    const done = super._handleRect();
    // Pseudo-encodings (cursor, desktop size) are negative and draw nothing.
    if (done && encoding !== null && encoding >= 0 && width * height > 0) this.pixels = true;
    return done;
  }

  protected override _framebufferUpdate(): boolean {
    const done = super._framebufferUpdate();
    if (done && this.pixels) {
      this.pixels = false;
      this.updates.push(performance.now());
      if (this.first) {
        this.first = false;
        void this.painted();
      }
    }
    return done;
  }

  /** noVNC fails on a fence that answers ours, so those are taken out of the stream here. */
  protected override _handleServerFenceMsg(): boolean {
    if (this._sock.rQwait("ServerFence header", HEADER_BYTES, 1)) return false;
    const header = this._sock.rQpeekBytes(HEADER_BYTES);
    const isRequest = ((header[3] ?? 0) & 0x80) !== 0;
    if (isRequest) return super._handleServerFenceMsg();
    const whole = HEADER_BYTES + (header[7] ?? 0);
    if (this._sock.rQwait("ServerFence payload", whole, 1)) return false;
    this._sock.rQskipBytes(whole);
    if (this.pingedAt !== null) {
      this.onRoundTrip?.(performance.now() - this.pingedAt);
      this.pingedAt = null;
    }
    return true;
  }
}
