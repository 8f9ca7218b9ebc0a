import { useEffect, useState } from "react";
import { listQuotas, type Quota } from "@/api/quotas";
import type { Me } from "@/api/types";
import { useMe } from "@/features/account/AccountProvider";

const NEAREST = ["user", "group", "tenant"] as const;

function own(scope: (typeof NEAREST)[number], { id, charged_group_id }: Me["user"]): string | null {
  if (scope === "tenant") return null;
  return scope === "user" ? id : (charged_group_id ?? "");
}

/**
 * What one's own sessions count towards: one's own quota, one's group's and the organisation's. Read again when
 * `changes` does (usage moves with sessions). Extra, so failures are silent.
 */
export function useQuotas(changes: unknown): readonly Quota[] {
  const { user } = useMe();
  const [quotas, setQuotas] = useState<readonly Quota[]>([]);
  useEffect(() => {
    let wanted = true;
    listQuotas().then(
      (read) => wanted && setQuotas(read),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [changes]);
  return NEAREST.flatMap((wanted) =>
    quotas.filter(({ scope, subject_id }) => scope === wanted && subject_id === own(wanted, user)),
  );
}
