// What the plugin registered, for the stand-ins that play it back.
export const registry = {
  valueTransformers: new Map(),
  outlets: new Map(),
  postMessages: new Map(),
  trackedPostProperties: new Set(),
  notificationRenderers: new Map(),
  saveableUserOptions: new Map(),
  adminNavigation: new Map(),
  communityLinks: new Map(),
};

export function addTo(map, key, value) {
  map.set(key, [...(map.get(key) ?? []), value]);
}

export function outletComponents(name) {
  return registry.outlets.get(name) ?? [];
}

export function transformed(name, value, context) {
  for (const callback of registry.valueTransformers.get(name) ?? []) {
    const result = callback({ value, context });
    value = result === undefined ? value : result;
  }
  return value;
}

export function clearRegistry() {
  Object.values(registry).forEach((part) => part.clear());
}
