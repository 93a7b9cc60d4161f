import Component from "@glimmer/component";
import { LinkTo } from "@ember/routing";
import { service } from "@ember/service";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";

// The way to the creator's page, on one's own profile alone.
/** @extends {Component<{ Args: { outletArgs: { model: any } } }>} */
export default class FiberLinkUserMainNav extends Component {
  @service currentUser;

  get isOwnProfile() {
    return this.currentUser?.id === this.args.outletArgs.model.id;
  }

  <template>
    {{#if this.isOwnProfile}}
      <li class="user-nav__fiber-link">
        <LinkTo @route="user.fiber-link">
          {{dIcon "bolt"}}
          <span>{{i18n "fiber_link.wallet.nav"}}</span>
        </LinkTo>
      </li>
    {{/if}}
  </template>
}
