/** A pretend VNC server: paints a desktop once and a clock for ever. RFC 6143, security type None. */
const WIDTH = 1280;
const HEIGHT = 800;
const streams = new Set();

export function dropStreams(code) {
  for (const stream of streams) stream.close(code, code === 1012 ? "The gateway is restarting." : "");
}

export function serveRfb(ws, request) {
  streams.add(ws);
  console.log("stream", request.headers["sec-websocket-protocol"]);
  let buffer = Buffer.alloc(0);
  let step = version;
  let timer = null;
  let first = true;
  ws.send(JSON.stringify({ type: "resume", token: `ctl.${Date.now()}` }));
  ws.send(Buffer.from("RFB 003.008\n"));
  ws.on("message", (data, binary) => {
    if (!binary) return;
    buffer = Buffer.concat([buffer, data]);
    for (let used = 1; used > 0 && buffer.length > 0;) {
      used = step(buffer);
      buffer = buffer.subarray(used);
    }
  });
  ws.on("close", () => {
    streams.delete(ws);
    clearInterval(timer);
  });

  function version(data) {
    if (data.length < 12) return 0;
    ws.send(Buffer.from([1, 1]));
    step = security;
    return 12;
  }
  function security() {
    ws.send(Buffer.alloc(4));
    step = clientInit;
    return 1;
  }
  function clientInit() {
    const name = Buffer.from("StreamSpace");
    const head = Buffer.alloc(24);
    head.writeUInt16BE(WIDTH, 0);
    head.writeUInt16BE(HEIGHT, 2);
    Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0]).copy(head, 4);
    head.writeUInt32BE(name.length, 20);
    ws.send(Buffer.concat([head, name]));
    step = message;
    return 1;
  }
  function message(data) {
    const sizes = { 0: 20, 3: 10, 4: 8, 5: 6, 150: 10, 255: 12 };
    const type = data[0];
    if (type === 2) {
      const size = 4 + 4 * data.readUInt16BE(2);
      ws.send(Buffer.from([248, 0, 0, 0, 0x80, 0, 0, 0, 1, 7]));
      return data.length < size ? 0 : size;
    }
    if (type === 6) return 8 + Math.abs(data.readInt32BE(4));
    if (type === 248) {
      const size = 9 + data[8];
      if (data[4] & 0x80)
        ws.send(Buffer.concat([Buffer.from([248, 0, 0, 0, 0, 0, 0, 1, data[8]]), data.subarray(9, size)]));
      return size;
    }
    if (type === 251) return 8 + 16 * data[6];
    if (type === 3 && first) {
      first = false;
      ws.send(update(0, 0, WIDTH, HEIGHT));
      const text = Buffer.from("Copied in the session");
      ws.send(Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, 0, text.length]), text]));
      timer = setInterval(() => ws.send(update(WIDTH - 150, HEIGHT - 30, 140, 22)), 50);
    }
    return sizes[type] ?? data.length;
  }
}

function update(left, top, width, height) {
  const out = Buffer.alloc(16 + width * height * 4);
  out.writeUInt16BE(1, 2);
  out.writeUInt16BE(left, 4);
  out.writeUInt16BE(top, 6);
  out.writeUInt16BE(width, 8);
  out.writeUInt16BE(height, 10);
  for (let y = 0, at = 16; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 4) {
      const [red, green, blue] = pixel(left + x, top + y);
      out[at] = red;
      out[at + 1] = green;
      out[at + 2] = blue;
    }
  }
  return out;
}

const inside = (x, y, left, top, width, height) => x >= left && y >= top && x < left + width && y < top + height;

function pixel(x, y) {
  if (y > HEIGHT - 36)
    return inside(x, y, WIDTH - 150 + ((Date.now() / 20) % 130), HEIGHT - 26, 8, 14) ? [53, 212, 154] : [20, 27, 42];
  if (inside(x, y, 120, 90, 560, 380))
    return inside(x, y, 120, 90, 560, 30)
      ? [38, 50, 77]
      : inside(x, y % 26, 140, 10, 60 + (((y >> 4) * 97) % 380), 8) && y > 130 && y < 400
        ? [126, 226, 195]
        : [13, 20, 36];
  if (inside(x, y, 560, 240, 600, 420))
    return inside(x, y, 560, 240, 600, 30)
      ? [221, 229, 247]
      : inside(x, y, 590, 300, 200, 140)
        ? [150, 180, 240]
        : [246, 248, 253];
  return [(30 + (x / WIDTH) * 40) | 0, (90 + (y / HEIGHT) * 70) | 0, (200 - (x / WIDTH) * 60) | 0];
}
