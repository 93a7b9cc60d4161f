# frozen_string_literal: true

module FiberLink
  # Tips of one's own. Who pays and who is paid is never a parameter.
  class TipsController < ApplicationController
    requires_login

    def options
      limit_requests("options", 30, 1.minute)
      check_tippable!(visible_post)
      render json: {
               assets: Asset.all.map(&:as_json),
               message_bus_last_id: MessageBus.last_id(TipRecorder::CHANNEL),
             }
    end

    def create
      limit_requests("tip-request", 60, 1.minute)
      key = idempotency_key(current_user.id)
      made = made_before(key)
      return render_tip(made) if made
      limit_tips
      post = visible_post
      check_tippable!(post)
      tip = request_tip(post, tip_form, key)
      Watch.start
      render_tip tip
    end

    def open
      limit_requests("open", 60, 1.minute)
      tips = Tip.payable.where(user_id: current_user.id, post_id: visible_post.id)
      render_tip tips.order(id: :desc).first
    end

    def show
      limit_requests("show", 60, 1.minute)
      tip = Tip.find_by(tip_id: text_param(:id), user_id: current_user.id)
      raise Discourse::NotFound if tip.nil?
      render_tip TipRefresh.call(tip)
    end

    private

    def limit_tips
      per_minute = SiteSetting.fiber_link_tips_per_minute
      limit_requests("tip", per_minute, 1.minute)
      limit_requests("tip-hour", per_minute * 10, 1.hour)
    end

    # A repeat, because the answer was lost: the tip is there, whoever may tip whom by now.
    def made_before(key)
      tip = Tip.where(idempotency_key: key, user_id: current_user.id).order(id: :desc).first
      raise Refused.new(:idempotency_conflict) if tip && !same_request?(tip)
      tip
    end

    def same_request?(tip)
      [
        text_param(:post_id) == tip.post_id.to_s,
        text_param(:asset) == tip.asset,
        Amount.parse(text_param(:amount).strip) == tip.amount,
        message.to_s.strip == tip.message.to_s,
        anonymous? == tip.anonymous,
      ].all?
    end

    def message
      params[:message].nil? ? nil : text_param(:message, limit: 4000)
    end

    def anonymous?
      params[:anonymous].to_s == "true"
    end

    def visible_post
      id = ForumId.parse(text_param(:post_id))
      raise Discourse::InvalidParameters.new(:post_id) if id.nil?
      find_visible_post(id)
    end

    def check_tippable!(post)
      TipPolicy.new(current_user, [post]).check!(post)
    end

    def tip_form
      TipForm.new(
        asset: text_param(:asset),
        amount: text_param(:amount),
        message: message,
        anonymous: anonymous?,
      )
    end

    def request_tip(post, form, key)
      params = {
        postId: post.id.to_s,
        fromUserId: current_user.id.to_s,
        toUserId: post.user_id.to_s,
        asset: form.asset.name,
        amount: Amount.format(form.amount),
        message: form.message,
        anonymous: form.anonymous,
        idempotencyKey: key,
      }
      answer = Client.call("tip.create", params.compact)
      TipRecorder.created(answer, attributes(post, form).merge(idempotency_key: key))
    end

    def attributes(post, form)
      {
        post_id: post.id,
        topic_id: post.topic_id,
        user_id: current_user.id,
        payee_id: post.user_id,
        asset: form.asset.name,
        amount: form.amount,
        message: form.message,
        anonymous: form.anonymous,
      }
    end

    def render_tip(tip)
      render json: { tip: tip && serialize_data(tip, OwnTipSerializer, root: false) }
    end
  end
end
