import "@cloudscape-design/global-styles/index.css";
import "@/components/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router/dom";
import { startTokens } from "@/components/tokens";
import { AccountProvider } from "@/features/account/AccountProvider";
import { startLinkTokens } from "@/features/account/linkToken";
import { startTheme } from "@/features/theme/theme";
import { router } from "@/router";

const root = document.getElementById("root");
if (!root) throw new Error("index.html lost its root element");

startLinkTokens();
startTheme();
startTokens();
createRoot(root).render(
  <StrictMode>
    <AccountProvider>
      <RouterProvider router={router} />
    </AccountProvider>
  </StrictMode>,
);
