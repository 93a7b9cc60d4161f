import Component from "@glimmer/component";
import { action } from "@ember/object";
import { service } from "@ember/service";
import DButton from "discourse/ui-kit/d-button";
import FiberLinkTipModal from "../modal/fiber-link-tip";

/** @extends {Component<{ Element: HTMLButtonElement, Args: { post: any, showLabel?: boolean, buttonActions: any } }>} */
export default class FiberLinkPostMenuButton extends Component {
  static shouldRender({ post }) {
    return Boolean(post.fiber_link_can_tip);
  }

  @service currentUser;
  @service modal;

  @action
  tip() {
    if (this.currentUser) {
      this.modal.show(FiberLinkTipModal, { model: { post: this.args.post } });
    } else {
      this.args.buttonActions.showLogin();
    }
  }

  <template>
    <DButton
      class="post-action-menu__fiber-link-tip btn-flat"
      @icon="bolt"
      @title={{if
        this.currentUser
        "fiber_link.post.tip_title"
        "fiber_link.post.log_in_title"
      }}
      @label={{if @showLabel "fiber_link.post.tip"}}
      @action={{this.tip}}
      ...attributes
    />
  </template>
}
