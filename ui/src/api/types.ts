/** The API's views by the names the UI uses. The generated document is the only source. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type TokenAnswer = Schemas["TokenAnswer"];
export type LoginRequest = Schemas["LoginRequest"];
export type Template = Schemas["Template"];
export type Session = Schemas["Session"];
export type SessionCreate = Schemas["SessionCreate"];
export type Controller = Schemas["Controller"];
export type ControllerPatch = Schemas["ControllerPatch"];
export type EnrollmentRequest = Schemas["EnrollmentRequest"];
export type EnrollmentToken = Schemas["EnrollmentToken"];
export type ConnectAnswer = Schemas["ConnectAnswer"];
export type StreamPermissions = Schemas["StreamPermissions"];
export type TimelineEntry = Schemas["TimelineEntry"];
export type Placement = Schemas["Placement"];
export type Verdict = Schemas["Verdict"];
export type Quota = Schemas["Quota"];
export type Reason = Schemas["Reason"];
export type EventTicket = Schemas["EventTicket"];
export type StreamEvent = Schemas["Event"];

export type SessionState = Session["state"];
export type SessionStage = NonNullable<Session["stage"]>;
