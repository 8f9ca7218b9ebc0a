import { ago, fullTime } from "./time";
import { useNow } from "./useNow";

export function Ago({ time }: { time: string | null | undefined }) {
  const now = useNow(10_000);
  if (!time) return <>–</>;
  return (
    <time dateTime={time} title={fullTime(time)}>
      {ago(time, now)}
    </time>
  );
}
