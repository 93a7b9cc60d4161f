import Component from "@glimmer/component";
import { service } from "@ember/service";
import { i18n } from "discourse-i18n";
import FiberLinkOwnPreferences from "../../components/fiber-link/own-preferences";

// Preferences are read and saved by their owner alone, so staff do not see those of others.
/** @extends {Component<{ Args: { outletArgs: { model: any } } }>} */
export default class FiberLinkPreferencesNotifications extends Component {
  @service currentUser;

  get isOwnProfile() {
    return this.currentUser?.id === this.args.outletArgs.model.id;
  }

  <template>
    {{#if this.isOwnProfile}}
      <fieldset class="control-group fiber-link-preferences-section">
        <legend class="control-label">{{i18n
            "fiber_link.preferences.title"
          }}</legend>
        <div class="controls">
          <FiberLinkOwnPreferences />
        </div>
      </fieldset>
    {{/if}}
  </template>
}
