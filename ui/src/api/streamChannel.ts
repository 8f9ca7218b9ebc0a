/**
 * The WebSocket of a stream, as noVNC wants it (it accepts any object with a channel's properties).
 * Binary frames are RFB and pass through; text frames are control messages of `streamspace.v1` and stay here.
 */
export interface ControlMessage {
  type: "resume" | "closed";
  token?: string | null;
  reason?: string | null;
}

/** What opens a stream: a fresh ticket, or the token that an earlier connection left us. */
export type Grant = { kind: "ticket" | "resume"; value: string };

export const CloseCode = {
  gatewayRestarting: 1012,
  refused: 4401,
  forbidden: 4403,
  unknownSession: 4404,
  ended: 4410,
  unanswered: 4503,
} as const;

export interface StreamListener {
  control: (message: ControlMessage) => void;
  /** Before noVNC hears of it, so that what is on the screen can still be kept. */
  closed: (code: number, reason: string) => void;
}

type Handler<E> = ((event: E) => void) | null;

export class StreamChannel {
  onopen: Handler<Event> = null;
  onmessage: Handler<MessageEvent> = null;
  onclose: Handler<CloseEvent> = null;
  onerror: Handler<Event> = null;
  private readonly socket: WebSocket;

  constructor(url: string, grant: Grant, listener: StreamListener) {
    this.socket = new WebSocket(url, ["streamspace.v1", "binary", `${grant.kind}.${grant.value}`]);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = (event) => this.onopen?.(event);
    this.socket.onerror = (event) => this.onerror?.(event);
    this.socket.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data !== "string") this.onmessage?.(event);
      else {
        const message = controlMessage(event.data);
        if (message) listener.control(message);
      }
    };
    this.socket.onclose = (event) => {
      listener.closed(event.code, event.reason);
      this.onclose?.(event);
    };
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  get readyState(): number {
    return this.socket.readyState;
  }

  get binaryType(): BinaryType {
    return this.socket.binaryType;
  }

  set binaryType(type: BinaryType) {
    this.socket.binaryType = type;
  }

  send(data: ArrayBufferLike | ArrayBufferView<ArrayBuffer>): void {
    this.socket.send(data);
  }

  close(code?: number, reason?: string): void {
    this.socket.close(code, reason);
  }
}

function controlMessage(text: string): ControlMessage | null {
  try {
    const parsed = JSON.parse(text) as Partial<ControlMessage>;
    return parsed.type === "resume" || parsed.type === "closed" ? (parsed as ControlMessage) : null;
  } catch {
    return null;
  }
}
