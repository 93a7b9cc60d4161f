# frozen_string_literal: true

module FiberLink
  # Who may tip what. For any number of posts of one topic, if it is given, it takes the same
  # queries.
  class TipPolicy
    def initialize(user, posts, topic: nil)
      @user = user
      @posts = posts
      @topic = topic
    end

    # Whether the button is there: visitors see it, and are asked to log in.
    def offered?(post)
      tippable?(post) && (@user.nil? || (may_tip? && !own?(post)))
    end

    def check!(post)
      raise Refused.new(:own_post) if own?(post)
      raise Refused.new(:not_tippable) unless tippable?(post)
      raise Discourse::InvalidAccess unless may_tip?
    end

    private

    def own?(post)
      @user.present? && post.user_id == @user.id
    end

    def may_tip?
      return @may_tip if defined?(@may_tip)
      @may_tip =
        @user.present? && !@user.silenced? && !@user.suspended? &&
          @user.in_any_groups?(SiteSetting.fiber_link_tip_groups_map)
    end

    def tippable?(post)
      topic = @topic || post.topic
      public_post?(post, topic) && !excluded_categories.include?(topic.category_id) &&
        payees.include?(post.user_id)
    end

    # Whispers, notes of moderators and what is hidden or deleted are not for everybody's eyes.
    def public_post?(post, topic)
      topic.present? && !topic.trashed? && !post.trashed? && !post.hidden && !post.user_deleted &&
        post.post_type == Post.types[:regular]
    end

    # Those of the posts' authors who may be tipped.
    def payees
      @payees ||= Payees.among(@posts.map(&:user_id), giver: @user).to_set
    end

    # With their subcategories, which may have subcategories.
    def excluded_categories
      @excluded_categories ||=
        begin
          found = SiteSetting.fiber_link_excluded_categories.split("|").map(&:to_i).to_set
          added = found.to_a
          while added.any?
            children = Category.where(parent_category_id: added).pluck(:id)
            added = children.reject { |id| found.include?(id) }
            found.merge(added)
          end
          found
        end
    end
  end
end
