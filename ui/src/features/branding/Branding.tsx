import { useEffect } from "react";
import { useMe } from "@/features/account/AccountProvider";
import { useDark } from "@/features/theme/theme";
import { applyAccent } from "./accent";

/** Shows the organisation's accent colour on everything while one of its people is signed in. */
export function Branding() {
  const { accent } = useMe().tenant.branding;
  const dark = useDark();
  useEffect(() => applyAccent(accent, dark), [accent, dark]);
  return null;
}
