import type { Session } from "@/api/types";
import { TemplateIcon } from "@/components/TemplateIcon";
import { ClipboardPanel } from "./ClipboardPanel";
import {
  BackIcon,
  ClipboardIcon,
  EyeIcon,
  FullScreenIcon,
  KeysIcon,
  LeaveFullScreenIcon,
  MoreIcon,
  ScalingIcon,
} from "./icons";
import { COMBINATIONS, type Key } from "./keys";
import { PanelItem, Popover } from "./Popover";
import { level, words } from "./quality";
import { SCALINGS, type Scaling } from "./scaling";
import { TouchKeyboard } from "./TouchKeyboard";
import styles from "./viewer.module.css";
import type { ViewerSnapshot } from "./viewerConnection";

export interface ToolbarProps {
  session: Session;
  snapshot: ViewerSnapshot;
  scaling: Scaling;
  fullScreen: boolean;
  onScaling: (scaling: Scaling) => void;
  onFullScreen: () => void;
  onKeys: (keys: readonly Key[]) => void;
  onPaste: (text: string) => void;
  onLeave: () => void;
  onHibernate: () => void;
  onDetails: () => void;
}

export function Toolbar(props: ToolbarProps) {
  const { session, snapshot, fullScreen, onLeave, onFullScreen } = props;
  const { permissions } = snapshot;
  const control = permissions?.control !== false;
  return (
    <header className={styles.bar} data-testid="viewer-toolbar">
      <button
        type="button"
        className={styles.tool}
        aria-label="Back to my sessions"
        title="Back to my sessions"
        onClick={onLeave}
        data-testid="viewer-leave"
      >
        <BackIcon />
      </button>
      <TemplateIcon icon={session.template_icon} name={session.template_name} size={24} />
      <span className={styles.title}>{session.name}</span>
      {!control && (
        <span className={styles.viewOnly} data-testid="view-only" title="You can watch, but not type or click">
          <EyeIcon /> <span>View only</span>
        </span>
      )}
      <span className={styles.spacer} />
      <QualityIndicator snapshot={snapshot} />
      {control && <TouchKeyboard onKeys={props.onKeys} />}
      <Popover icon={<ClipboardIcon />} label="Clipboard" testId="viewer-clipboard" wide>
        {() => <ClipboardPanel permissions={permissions} remote={snapshot.remoteClipboard} onPaste={props.onPaste} />}
      </Popover>
      {control && <KeysMenu onKeys={props.onKeys} />}
      <ScalingMenu {...props} />
      <button
        type="button"
        className={styles.tool}
        aria-label={fullScreen ? "Leave full screen" : "Full screen"}
        title={fullScreen ? "Leave full screen" : "Full screen"}
        onClick={onFullScreen}
        data-testid="viewer-full-screen"
      >
        {fullScreen ? <LeaveFullScreenIcon /> : <FullScreenIcon />}
      </button>
      <Popover icon={<MoreIcon />} label="More" testId="viewer-more">
        {(close) => (
          <>
            <PanelItem text="Session details" testId="viewer-details" onClick={props.onDetails} />
            {session.state === "running" && (
              <PanelItem
                text="Hibernate"
                description="Stops it; the home folder is kept"
                testId="viewer-hibernate"
                onClick={() => {
                  close();
                  props.onHibernate();
                }}
              />
            )}
          </>
        )}
      </Popover>
    </header>
  );
}

function QualityIndicator({ snapshot }: { snapshot: ViewerSnapshot }) {
  if (snapshot.connection.phase !== "connected") return null;
  return (
    <span
      className={styles.quality}
      data-level={level(snapshot.quality)}
      data-testid="viewer-quality"
      title="Round trip to the session, and screen updates in the last second"
    >
      <span className={styles.bars} aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span className={styles.qualityText}>{words(snapshot.quality)}</span>
    </span>
  );
}

function KeysMenu({ onKeys }: Pick<ToolbarProps, "onKeys">) {
  return (
    <Popover icon={<KeysIcon />} label="Special keys" testId="viewer-keys">
      {(close) =>
        COMBINATIONS.map(({ id, text, keys }) => (
          <PanelItem
            key={id}
            text={text}
            testId={`keys-${id}`}
            onClick={() => {
              close();
              onKeys(keys);
            }}
          />
        ))
      }
    </Popover>
  );
}

function ScalingMenu({ scaling, onScaling, snapshot }: ToolbarProps) {
  const control = snapshot.permissions?.control !== false;
  return (
    <Popover icon={<ScalingIcon />} label="Screen size" testId="viewer-scaling">
      {(close) =>
        SCALINGS.filter(({ id }) => control || id !== "resize").map(({ id, text, description }) => (
          <PanelItem
            key={id}
            text={text}
            description={description}
            selected={id === scaling}
            testId={`scaling-${id}`}
            onClick={() => {
              close();
              onScaling(id);
            }}
          />
        ))
      }
    </Popover>
  );
}
