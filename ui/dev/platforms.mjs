/** The platforms' words in the pretend control plane: commands as the real one makes them, and names to click. */
export const CLUSTER = "kubernetes";
export const CLUSTER_TILE = "Kubernetes cluster";
export const OTHER_WAY = "Without Helm";

export function commandsFor(url, token) {
  const docker = `curl -fsSL ${url}/install | sh -s -- --url ${url} --token ${token}`;
  return {
    command: docker,
    commands: {
      docker,
      kubernetes:
        `helm upgrade --install streamspace-agent ${url}/install/agent-chart.tgz ` +
        `--namespace streamspace --create-namespace --set url=${url} --set token=${token}`,
    },
    manifests_command: `curl -fsSL ${url}/install/kubernetes | sh -s -- --url ${url} --token ${token}`,
  };
}
