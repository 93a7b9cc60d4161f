import { addTo, registry } from "../../../state/plugin-registry";

class PluginApi {
  constructor(owner) {
    this.container = owner;
  }

  getCurrentUser() {
    return this.container?.lookup("service:current-user");
  }

  registerValueTransformer(transformerName, valueCallback) {
    addTo(registry.valueTransformers, transformerName, valueCallback);
    return true;
  }

  renderInOutlet(outletName, klass) {
    addTo(registry.outlets, outletName, klass);
  }

  renderAfterWrapperOutlet(outletName, klass) {
    addTo(registry.outlets, `${outletName}__after`, klass);
  }

  renderBeforeWrapperOutlet(outletName, klass) {
    addTo(registry.outlets, `${outletName}__before`, klass);
  }

  registerCustomPostMessageCallback(type, callback) {
    if (registry.postMessages.has(type)) {
      throw new Error(`a callback for "${type}" is there already`);
    }
    registry.postMessages.set(type, callback);
  }

  addTrackedPostProperties(...names) {
    names.forEach((name) => registry.trackedPostProperties.add(name));
  }

  registerNotificationTypeRenderer(notificationType, func) {
    registry.notificationRenderers.set(notificationType, func);
  }

  addSaveableUserOption(fieldName, options) {
    registry.saveableUserOptions.set(fieldName, options);
  }

  addCommunitySectionLink(arg, secondary) {
    addTo(registry.communityLinks, secondary ? "more" : "main", arg);
  }

  addAdminPluginConfigurationNav(pluginId, links) {
    registry.adminNavigation.set(pluginId, links);
  }

  setAdminPluginIcon() {}
}

export function withPluginApi(callback, options) {
  if (typeof callback !== "function") {
    throw new Error("withPluginApi takes a callback, and no version");
  }
  return callback(new PluginApi(globalThis.__discourseOwner), options);
}
