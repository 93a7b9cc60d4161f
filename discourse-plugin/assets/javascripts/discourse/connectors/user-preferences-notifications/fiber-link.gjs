import Component from "@glimmer/component";
import { service } from "@ember/service";
import { i18n } from "discourse-i18n";
import FiberLinkPreferences from "../../components/fiber-link/preferences";
import FiberLinkRead from "../../components/fiber-link/read";
import { findPreferences } from "../../lib/fiber-link/wallet-api";

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
          <FiberLinkRead @find={{findPreferences}} as |answer|>
            {{#if answer}}
              <FiberLinkPreferences @preferences={{answer.preferences}} />
            {{/if}}
          </FiberLinkRead>
        </div>
      </fieldset>
    {{/if}}
  </template>
}
