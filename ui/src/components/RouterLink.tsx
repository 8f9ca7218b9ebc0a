import Link, { type LinkProps } from "@cloudscape-design/components/link";
import { useNavigate } from "react-router";

/** A Cloudscape link that stays in the app. */
export function RouterLink(props: LinkProps & { href: string; "data-testid"?: string }) {
  const navigate = useNavigate();
  return (
    <Link
      {...props}
      onFollow={(event) => {
        if (event.detail.external) return;
        event.preventDefault();
        void navigate(props.href);
      }}
    />
  );
}
