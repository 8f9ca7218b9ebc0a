import { useEffect, useState } from "react";
import { listQuotas } from "@/api/catalog";
import type { Quota } from "@/api/types";

/** Own and tenant quotas (not the default for others), read again when `changes` does (usage moves with sessions). Extra, so failures are silent. */
export function useQuotas(changes: unknown): readonly Quota[] {
  const [quotas, setQuotas] = useState<readonly Quota[]>([]);
  useEffect(() => {
    let wanted = true;
    listQuotas().then(
      (read) => wanted && setQuotas(read.filter(({ scope }) => scope !== "user-default")),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [changes]);
  return quotas;
}
