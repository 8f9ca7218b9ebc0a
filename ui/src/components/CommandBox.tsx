import { Fragment } from "react";
import styles from "./CommandBox.module.css";
import { CopyButton } from "./CopyButton";

export function CommandBox({ command, testId }: { command: string; testId: string }) {
  return (
    <div className={styles.box}>
      <code className={styles.code} data-testid={testId}>
        {command.split(" ").map((word, index) => (
          <Fragment key={index}>
            {index > 0 && " "}
            <span className={styles.word}>{word}</span>
          </Fragment>
        ))}
      </code>
      <CopyButton text={command} />
    </div>
  );
}
