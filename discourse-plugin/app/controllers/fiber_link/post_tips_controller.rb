# frozen_string_literal: true

module FiberLink
  # Who tipped a post; visitors may look too.
  class PostTipsController < ApplicationController
    PAGE = 30

    def index
      limit_requests("post-tips", 60, 1.minute)
      id = ForumId.parse(params[:id]) || raise(Discourse::NotFound)
      tips = Tip.newest_settled.where(post_id: find_visible_post(id).id)
      tips = tips.settled_before(last_shown(tips)) if params[:before].present?
      found = tips.includes(:user).limit(PAGE + 1).to_a
      shown = found.first(PAGE)
      render json: {
               tips: serialize_data(shown, SettledTipSerializer, root: false),
               next: found.size > PAGE ? shown.last.tip_id : nil,
             }
    end

    private

    def last_shown(tips)
      tips.find_by(tip_id: text_param(:before)) || raise(Discourse::InvalidParameters.new(:before))
    end
  end
end
