import { Navigate } from "react-router";
import { useMe } from "./AccountProvider";

/** Where somebody who asked for no page in particular wants to begin. */
export function StartPage() {
  return <Navigate to={useMe().user.preferences.start_page === "sessions" ? "/sessions" : "/catalog"} replace />;
}
