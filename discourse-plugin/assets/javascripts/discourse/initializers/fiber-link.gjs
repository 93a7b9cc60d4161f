import { withPluginApi } from "discourse/lib/plugin-api";
import FiberLinkPostMenuButton from "../components/fiber-link/post-menu-button";
import FiberLinkPostTips from "../components/fiber-link/post-tips";

function addTipButton({ value: buttons, context: { buttonKeys } }) {
  buttons.add("fiber-link-tip", FiberLinkPostMenuButton, {
    before: [buttonKeys.SHOW_MORE],
  });
}

// The message holds the post's new totals, so that nobody has to ask for them.
function takeTotals(topicController, { id, fiber_link_tips }) {
  const post = topicController.get("model.postStream").findLoadedPost(id);
  if (post) {
    post.fiber_link_tips = fiber_link_tips;
  }
}

export default {
  name: "fiber-link",

  initialize() {
    withPluginApi((api) => {
      api.addTrackedPostProperties("fiber_link_can_tip", "fiber_link_tips");
      api.registerValueTransformer("post-menu-buttons", addTipButton);
      api.renderInOutlet("post-menu__after", FiberLinkPostTips);
      api.registerCustomPostMessageCallback("fiber_link_tips", takeTotals);
    });
  },
};
