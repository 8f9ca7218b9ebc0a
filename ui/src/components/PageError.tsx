import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { Splash } from "./Splash";

/** The last resort: a page that broke, or whose chunk is gone because a newer version was installed. */
export function PageError() {
  return (
    <Splash>
      <Alert
        type="error"
        header="This page could not be shown"
        action={<Button onClick={() => location.reload()}>Reload</Button>}
      >
        StreamSpace may have been updated since you opened it.
      </Alert>
    </Splash>
  );
}
