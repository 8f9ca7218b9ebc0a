import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import type { Template } from "@/api/types";
import { showCpu, showMemory } from "@/components/quantities";
import { TemplateIcon } from "@/components/TemplateIcon";
import styles from "./catalog.module.css";

interface Props {
  template: Template;
  /** Who alone may use it; null where everybody may. */
  restriction: string | null;
  /** Absent for those who may not say who uses it. */
  onAccess: ((template: Template) => void) | undefined;
  onLaunch: (template: Template) => void;
}

export function TemplateCard({ template, restriction, onAccess, onLaunch }: Props) {
  const { name, icon, description, category, resources, network } = template;
  return (
    <article className={styles.card} data-testid={`template-card-${name}`}>
      <div className={styles.head}>
        <TemplateIcon icon={icon} name={name} size={48} />
        <div className={styles.title}>
          <Box variant="h3" padding="n">
            {name}
          </Box>
          {category && <Badge color="grey">{category}</Badge>}
        </div>
        {onAccess && (
          <div className={styles.access}>
            <Button
              variant="icon"
              iconName="group"
              ariaLabel={`Who may use ${name}?`}
              onClick={() => onAccess(template)}
              data-testid={`access-${name}`}
            />
          </div>
        )}
      </div>
      <p className={styles.description}>{description}</p>
      {restriction && (
        <Box color="text-body-secondary" fontSize="body-s" data-testid="restriction">
          {restriction}
        </Box>
      )}
      <div className={styles.foot}>
        <Box color="text-body-secondary" fontSize="body-s">
          {showCpu(resources.cpu)} · {showMemory(resources.memory)}
          <br />
          {network === "internet" ? "Internet access" : "No network"}
        </Box>
        <Button
          variant="primary"
          onClick={() => onLaunch(template)}
          data-testid={`launch-${name}`}
          ariaLabel={`Launch ${name}`}
        >
          Launch
        </Button>
      </div>
    </article>
  );
}
