import { fullTime } from "@/components/time";
import { useNow } from "@/components/useNow";
import { pauseLeft } from "./maintenance";

/** How long a pause still lasts. */
export function Countdown({ until }: { until: string }) {
  const now = useNow(1000);
  return (
    <time dateTime={until} title={fullTime(until)} data-testid="pause-left">
      {pauseLeft(until, now) ?? "0:00"}
    </time>
  );
}
