import type { ConnectAnswer } from "@/api/types";
import styles from "./viewer.module.css";

/** A web application has an address of its own, which takes the ticket in a POST, so that no log sees it. */
export function HttpApp({ answer }: { answer: ConnectAnswer }) {
  return (
    <form className={styles.overlay} action={answer.url} method="post" target="_blank" rel="noopener">
      <input type="hidden" name="ticket" value={answer.ticket} />
      <div className={styles.card}>
        <div>
          <strong>This application opens in a tab of its own</strong>
        </div>
        <button type="submit" className={styles.button} data-primary data-testid="open-http-app">
          Open
        </button>
      </div>
    </form>
  );
}
