/** A session that prints a line now and then. */
const BEGINNING = [
  "Xvnc TigerVNC 1.12.0 - built 2023-01-08 15:29",
  "Copyright (C) 1999-2021 TigerVNC Team and many others (see README.rst)",
  " vncext:      VNC extension running!",
  " vncext:      Listening for VNC connections on /streamspace/rfb.sock (mode 0600)",
  "xfce4-session: starting the panel",
];

export function serveLog(ws) {
  const lines = [...BEGINNING];
  const tell = () => ws.send(JSON.stringify({ lines }));
  tell();
  const timer = setInterval(() => {
    lines.push(`${new Date().toISOString()} still here`);
    tell();
  }, 3000);
  ws.on("close", () => clearInterval(timer));
}
