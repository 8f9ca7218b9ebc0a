import { useState } from "react";
import type { StreamPermissions } from "@/api/types";
import { copyText } from "@/components/copyText";
import styles from "./viewer.module.css";

interface Props {
  permissions: StreamPermissions | null;
  remote: string | null;
  onPaste: (text: string) => void;
}

/** Both directions by hand, each as far as the template permits it. */
export function ClipboardPanel({ permissions, remote, onPaste }: Props) {
  const canSend = permissions?.clipboard_in === true && permissions.control;
  const canReceive = permissions?.clipboard_out === true;
  return (
    <div className={styles.clipboard} data-testid="clipboard-panel">
      {canReceive ? (
        <FromSession text={remote} />
      ) : (
        <p className={styles.denied}>This template does not let text be copied out of the session.</p>
      )}
      {canSend ? (
        <ToSession onPaste={onPaste} />
      ) : (
        <p className={styles.denied}>Text cannot be pasted into this session.</p>
      )}
    </div>
  );
}

function FromSession({ text }: { text: string | null }) {
  const [copied, setCopied] = useState<string | null>(null);
  return (
    <label>
      <span>Copied in the session</span>
      <textarea
        readOnly
        rows={4}
        value={text ?? ""}
        placeholder="Copy something in the session."
        data-testid="clipboard-out"
      />
      <button
        type="button"
        className={styles.button}
        disabled={!text}
        onClick={() => text && void copyText(text).then((ok) => ok && setCopied(text))}
      >
        {copied !== null && copied === text ? "Copied" : "Copy to this device"}
      </button>
    </label>
  );
}

function ToSession({ onPaste }: { onPaste: (text: string) => void }) {
  const [text, setText] = useState("");
  const [sent, setSent] = useState(false);
  const change = (value: string) => {
    setText(value);
    setSent(false);
  };
  const readDevice = async () => {
    try {
      change(await navigator.clipboard.readText());
    } catch {
      // Refused, or not a secure context: the field takes Ctrl+V all the same.
    }
  };
  return (
    <label>
      <span>Send to the session</span>
      <textarea
        rows={4}
        value={text}
        placeholder="Paste or type here, send it, then paste it in the session."
        onChange={(event) => change(event.target.value)}
        data-testid="clipboard-in"
      />
      <span className={styles.row}>
        <button
          type="button"
          className={styles.button}
          data-primary
          disabled={!text}
          data-testid="clipboard-send"
          onClick={() => {
            onPaste(text);
            setSent(true);
          }}
        >
          {sent ? "Sent" : "Send"}
        </button>
        <button type="button" className={styles.button} onClick={() => void readDevice()}>
          Take from this device
        </button>
      </span>
    </label>
  );
}
