import styles from "./CommandBox.module.css";
import { CopyButton } from "./CopyButton";

export function CommandBox({ command, testId }: { command: string; testId: string }) {
  return (
    <div className={styles.box}>
      <code className={styles.code} data-testid={testId}>
        {command}
      </code>
      <CopyButton text={command} />
    </div>
  );
}
