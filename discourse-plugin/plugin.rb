# frozen_string_literal: true

# name: fiber-link
# about: Tip a post over the Fiber Network, watch the tip arrive, withdraw what was received
# version: 1.0.0
# authors: Fiber Link
# required_version: 2026.10

enabled_site_setting :fiber_link_enabled

register_asset "stylesheets/common/fiber-link.scss"
register_asset "stylesheets/common/fiber-link-wallet.scss"
register_asset "stylesheets/common/fiber-link-withdrawals.scss"
register_asset "stylesheets/common/fiber-link-leaderboard.scss"
register_asset "stylesheets/common/fiber-link-admin.scss"

register_svg_icon "bolt"

add_admin_route "fiber_link.admin.title", "fiber-link", use_new_show_route: true

module ::FiberLink
  PLUGIN_NAME = "fiber-link"
end

require_relative "lib/fiber_link/engine"

after_initialize do
  # -- Notifications
  Notification.types[:fiber_link_tip] = 54_771
  Notification.types[:fiber_link_withdrawal] = 54_772

  # -- Posts
  reloadable_patch { TopicView.prepend FiberLink::TopicViewExtension }

  TopicView.on_preload do |topic_view|
    if SiteSetting.fiber_link_enabled
      topic_view.fiber_link_posts =
        FiberLink::PostsOnPage.new(topic_view.guardian, topic: topic_view.topic) do
          topic_view.posts
        end
    end
  end

  # Only where posts are shown as a topic. In lists of any posts, such as the latest ones, each
  # would ask for itself, and nobody tips from there.
  add_to_class(:post_serializer, :fiber_link_posts) { @topic_view&.fiber_link_posts }
  in_topic = -> { !fiber_link_posts.nil? }

  add_to_serializer(:post, :fiber_link_can_tip, include_condition: in_topic) do
    fiber_link_posts.offered?(object)
  end
  add_to_serializer(:post, :fiber_link_tips, include_condition: in_topic) do
    fiber_link_posts.tips(object)
  end

  # -- Posts and people that change. Also while the plugin is off: what it wrote down about them is
  # still there.
  DiscourseEvent.on(:user_destroyed) { |user| FiberLink::Lifecycle.user_destroyed(user) }
  DiscourseEvent.on(:user_anonymized) do |arguments|
    FiberLink::Lifecycle.user_anonymized(arguments[:user])
  end
  DiscourseEvent.on(:merging_users) do |source, target|
    FiberLink::Lifecycle.merging_users(source, target)
  end
  DiscourseEvent.on(:post_destroyed) { |post| FiberLink::Lifecycle.post_destroyed(post) }
  DiscourseEvent.on(:post_recovered) { |post| FiberLink::Lifecycle.post_recovered(post) }
  DiscourseEvent.on(:post_moved) do |post, _topic_id, original|
    FiberLink::Lifecycle.post_moved(post, original)
  end

  # -- Problems that the admin dashboard shows
  register_problem_check ProblemCheck::FiberLinkConfiguration
  register_problem_check ProblemCheck::FiberLinkUnreachable
  register_problem_check ProblemCheck::FiberLinkClockSkew
  register_problem_check ProblemCheck::FiberLinkSyncBehind
end
