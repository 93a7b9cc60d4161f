import Component from "@glimmer/component";
import { i18n } from "discourse-i18n";
import FiberLinkPreferences from "../../components/fiber-link/preferences";
import FiberLinkWallet from "../../components/fiber-link/wallet";

// Preferences are saved by their owner alone, so staff do not see them for others.
export default class FiberLinkPreferencesNotifications extends Component {
  static shouldRender({ model }, { currentUser, siteSettings }) {
    return siteSettings.fiber_link_enabled && currentUser?.id === model?.id;
  }

  <template>
    <div class="control-group fiber-link-preferences-section">
      <label class="control-label">{{i18n
          "fiber_link.preferences.title"
        }}</label>
      <div class="controls">
        <FiberLinkWallet as |wallet|>
          <FiberLinkPreferences @preferences={{wallet.preferences}} />
        </FiberLinkWallet>
      </div>
    </div>
  </template>
}
