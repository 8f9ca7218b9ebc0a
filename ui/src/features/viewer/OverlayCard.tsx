import type { Overlay } from "./overlay";
import styles from "./viewer.module.css";

const WORDS = { wake: "Wake", retry: "Reconnect now", leave: "My sessions", details: "Details" } as const;

interface Props {
  overlay: Overlay;
  busy: boolean;
  onAction: (action: keyof typeof WORDS) => void;
}

export function OverlayCard({ overlay, busy, onAction }: Props) {
  return (
    <div className={styles.overlay} data-kind={overlay.kind} data-testid="viewer-overlay" role="status">
      <div className={styles.card}>
        {overlay.kind !== "over" && <span className={styles.spinner} />}
        <div>
          <strong>{overlay.title}</strong>
          {overlay.text && <p data-testid="reason">{overlay.text}</p>}
        </div>
        {overlay.actions.length > 0 && (
          <div className={styles.row}>
            {overlay.actions.map((action, index) => (
              <button
                key={action}
                type="button"
                className={styles.button}
                data-primary={index === 0 && overlay.kind === "over" ? true : undefined}
                disabled={busy}
                onClick={() => onAction(action)}
                data-testid={`viewer-${action}-action`}
              >
                {WORDS[action]}
              </button>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}
