import { useEffect, useState } from "react";
import { listQuotas, type Quota } from "@/api/quotas";
import { useMe } from "@/features/account/AccountProvider";

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
  return quotas.filter(
    ({ scope, subject_id }) =>
      scope === "tenant" ||
      (scope === "user" && subject_id === user.id) ||
      (scope === "group" && subject_id === user.charged_group_id),
  );
}
