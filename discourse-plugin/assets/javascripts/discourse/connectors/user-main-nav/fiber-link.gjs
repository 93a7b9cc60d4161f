import Component from "@glimmer/component";
import { LinkTo } from "@ember/routing";
import { service } from "@ember/service";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";

// The way to the creator's page, on one's own profile alone.
export default class FiberLinkUserMainNav extends Component {
  static shouldRender({ model }, { currentUser, siteSettings }) {
    return (
      siteSettings.fiber_link_enabled &&
      currentUser !== null &&
      currentUser?.id === model?.id
    );
  }

  @service currentUser;

  <template>
    <li class="user-nav__fiber-link">
      <LinkTo
        @route="user.fiber-link"
        @model={{this.currentUser.username_lower}}
      >
        {{dIcon "bolt"}}
        <span>{{i18n "fiber_link.wallet.nav"}}</span>
      </LinkTo>
    </li>
  </template>
}
