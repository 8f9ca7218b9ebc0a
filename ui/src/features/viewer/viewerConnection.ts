/** Runs the connection machine: carries out its plans with noVNC and tells React what is to be seen. */
import { asProblem } from "@/api/problem";
import { connectSession } from "@/api/sessions";
import { StreamChannel, type Grant } from "@/api/streamChannel";
import type { ConnectAnswer, StreamPermissions } from "@/api/types";
import { next, start, type ConnectionEvent, type ConnectionState } from "./connectionMachine";
import { freeze } from "./freeze";
import { MeteredRfb } from "./MeteredRfb";
import type { Scaling } from "./scaling";

export interface Quality {
  roundTripMs: number | null;
  frameRate: number;
}

export interface ViewerSnapshot {
  connection: ConnectionState;
  permissions: StreamPermissions | null;
  /** Pixels of the current connection are on the screen. */
  painted: boolean;
  quality: Quality;
  /** What was last copied in the session. */
  remoteClipboard: string | null;
  /** Not a VNC session: its app is opened by posting the ticket to its own address. */
  httpApp: ConnectAnswer | null;
}

const QUALITY_MS = 1000;
export const FIRST_FRAME = "streamspace:first-frame";

export class ViewerConnection {
  private snapshot: ViewerSnapshot = {
    connection: start(),
    permissions: null,
    painted: false,
    quality: { roundTripMs: null, frameRate: 0 },
    remoteClipboard: null,
    httpApp: null,
  };
  private readonly listeners = new Set<() => void>();
  private rfb: MeteredRfb | null = null;
  private url: string | null = null;
  private scaling: Scaling = "fit";
  private timer: ReturnType<typeof setTimeout> | null = null;
  private meter: ReturnType<typeof setInterval> | null = null;
  private round = 0;

  constructor(
    private readonly sessionId: string,
    private readonly screen: HTMLElement,
    private readonly still: HTMLElement,
    private readonly control: boolean,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  readonly get = (): ViewerSnapshot => this.snapshot;

  begin(): void {
    this.meter = setInterval(() => this.measure(), QUALITY_MS);
    this.dispatch({ type: "restart" });
  }

  /** Ends it for good; `reason` is shown. */
  end(reason: string | null = null): void {
    if (this.meter !== null) clearInterval(this.meter);
    this.meter = null;
    this.dispatch({ type: "close", reason });
    this.hangUp();
  }

  retryNow(): void {
    this.hangUp();
    this.dispatch({ type: "restart" });
  }

  setScaling(scaling: Scaling): void {
    this.scaling = scaling;
    this.applyScaling();
  }

  sendKeys(keys: readonly { keysym: number; code: string | null }[]): void {
    for (const { keysym, code } of keys) this.rfb?.sendKey(keysym, code, true);
    for (const { keysym, code } of keys.toReversed()) this.rfb?.sendKey(keysym, code, false);
  }

  pasteText(text: string): void {
    if (this.snapshot.permissions?.clipboard_in) this.rfb?.clipboardPasteFrom(text);
  }

  focus(): void {
    this.rfb?.focus({ preventScroll: true });
  }

  private dispatch(event: ConnectionEvent): void {
    const before = this.snapshot.connection;
    const connection = next(before, event);
    this.publish({ connection });
    if (connection.plan !== before.plan || event.type === "restart") this.schedule();
  }

  private schedule(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { plan } = this.snapshot.connection;
    if (plan) this.timer = setTimeout(() => void this.attempt(), plan.inMs);
  }

  private async attempt(): Promise<void> {
    const round = ++this.round;
    const { plan, resume } = this.snapshot.connection;
    if (plan?.grant === "resume" && resume !== null && this.url !== null) {
      this.open(this.url, { kind: "resume", value: resume });
      return;
    }
    try {
      const answer = await connectSession(this.sessionId, this.control);
      if (round !== this.round) return;
      this.publish({ permissions: answer.permissions });
      if (answer.protocol === "http") {
        this.publish({ httpApp: answer });
        this.dispatch({ type: "connected" });
        return;
      }
      this.url = answer.url;
      this.open(answer.url, { kind: "ticket", value: answer.ticket });
    } catch (error) {
      if (round !== this.round) return;
      const { status, temporary, message } = asProblem(error);
      this.dispatch({ type: "refused", status, temporary, message });
    }
  }

  private open(url: string, grant: Grant): void {
    this.discard();
    const mine = this.round;
    const current = () => mine === this.round;
    const channel = new StreamChannel(url, grant, {
      control: (message) => {
        if (message.type === "resume" && message.token) this.dispatch({ type: "resume", token: message.token });
        if (message.type === "closed" && message.reason) this.dispatch({ type: "farewell", reason: message.reason });
      },
      closed: (code, reason) => {
        if (!current()) return;
        if (this.snapshot.painted) freeze(this.screen, this.still);
        this.publish({ painted: false });
        this.dispatch({ type: "dropped", code, reason });
      },
    });
    this.rfb = this.start(channel, current);
    this.applyScaling();
  }

  private start(channel: StreamChannel, current: () => boolean): MeteredRfb {
    const rfb = new MeteredRfb(this.screen, channel, { shared: true });
    rfb.background = "transparent";
    rfb.viewOnly = this.snapshot.permissions?.control === false;
    rfb.addEventListener("connect", () => {
      if (!current()) return;
      this.dispatch({ type: "connected" });
      rfb.focus({ preventScroll: true });
    });
    rfb.addEventListener("clipboard", (event) => {
      const { text } = (event as CustomEvent<{ text: string }>).detail;
      if (current() && this.snapshot.permissions?.clipboard_out) this.publish({ remoteClipboard: text });
    });
    rfb.onFirstPixels = () => requestAnimationFrame(() => current() && this.firstFrame());
    rfb.onRoundTrip = (roundTripMs) =>
      current() && this.publish({ quality: { ...this.snapshot.quality, roundTripMs } });
    return rfb;
  }

  private firstFrame(): void {
    performance.mark(FIRST_FRAME);
    this.still.replaceChildren();
    this.publish({ painted: true });
  }

  private applyScaling(): void {
    if (!this.rfb) return;
    this.rfb.scaleViewport = this.scaling !== "original";
    this.rfb.resizeSession = this.scaling === "resize" && this.snapshot.permissions?.control !== false;
  }

  private measure(): void {
    if (!this.rfb || this.snapshot.connection.phase !== "connected") return;
    this.rfb.ping();
    const { frameRate } = this.rfb;
    if (frameRate !== this.snapshot.quality.frameRate) {
      this.publish({ quality: { ...this.snapshot.quality, frameRate } });
    }
  }

  /** Leaves the connection without hearing from it again. */
  private hangUp(): void {
    this.round += 1;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.snapshot.painted) freeze(this.screen, this.still);
    this.publish({ painted: false });
    this.discard();
  }

  private discard(): void {
    const { rfb } = this;
    this.rfb = null;
    rfb?.hangUp();
  }

  private publish(change: Partial<ViewerSnapshot>): void {
    this.snapshot = { ...this.snapshot, ...change };
    for (const listener of this.listeners) listener();
  }
}
