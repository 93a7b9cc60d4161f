# frozen_string_literal: true

# The few of Discourse's own endpoints that the front end and the end-to-end test ask for.
class StandInForumController < ApplicationController
  # The real MessageBus stands before Rails and knows of no token.
  skip_before_action :verify_authenticity_token, only: :poll
  skip_before_action :check_xhr, only: :avatar

  def csrf
    render json: { csrf: form_authenticity_token }
  end

  # Logs in without a password.
  def login
    user = User.find_by_username(params.require(:username)) || raise(Discourse::NotFound)
    reset_session
    session[:user_id] = user.id
    render json: { user: current_user_json(user), csrf: form_authenticity_token }
  end

  def logout
    reset_session
    render json: { csrf: form_authenticity_token }
  end

  def current
    raise Discourse::NotFound if current_user.nil?
    render json: { current_user: current_user_json(current_user) }
  end

  def site
    render json: { site_settings: JSON.parse(SiteSetting.client_settings_json) }
  end

  def topics
    found = Topic.listable_topics.order(:id).select { |topic| guardian.can_see?(topic) }
    render json: { topic_list: { topics: found.map { |topic| topic_json(topic) } } }
  end

  def topic
    view = TopicView.new(params[:id], current_user)
    render_serialized(view, TopicViewSerializer, root: false)
  end

  def notifications
    raise Discourse::NotLoggedIn if current_user.nil?
    found = current_user.notifications.order(id: :desc).limit(60)
    render json: { notifications: serialize_data(found, NotificationSerializer, root: false) }
  end

  def read_notifications
    raise Discourse::NotLoggedIn if current_user.nil?
    current_user.notifications.update_all(read: true)
    render json: success_json
  end

  def user
    found = User.find_by_username(params[:username]) || raise(Discourse::NotFound)
    render json: { user: serialize_data(found, BasicUserSerializer, root: false) }
  end

  def merge
    raise Discourse::NotFound unless current_user&.admin
    target = User.find_by_username(params.require(:target_username))
    UserMerger.new(User.find(params[:id]), target, current_user).merge!
    render json: success_json
  end

  # Discourse draws the first letter of a name.
  def avatar
    hue = params[:letter].ord * 47 % 360
    square = "<rect width=\"1\" height=\"1\" fill=\"hsl(#{hue} 40% 45%)\"/>"
    picture = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\">#{square}</svg>"
    send_data picture, type: "image/svg+xml", disposition: "inline"
  end

  # `{channel: last_id}` as form fields or JSON; -1 is "from now on". Answers what came, or nothing
  # after half a minute.
  def poll
    positions = request.request_parameters.except("__seq", "format", "stand_in_forum")
    positions = positions.select { |channel, _| channel.start_with?("/") }
    positions = positions.to_h { |channel, id| [channel, position(channel, id.to_i)] }
    groups = current_user ? current_user.group_ids_ : []
    ActiveRecord::Base.clear_active_connections!
    found =
      MessageBus.poll(positions, seconds: poll_seconds) { |message| may_get?(message, groups) }
    render json: found.map { |message| message_json(message) }
  end

  private

  def poll_seconds
    params[:dlp] == "t" ? 0 : ENV.fetch("STAND_IN_POLL_SECONDS", "25").to_f
  end

  def position(channel, id)
    id.negative? ? MessageBus.last_id(channel) : id
  end

  def may_get?(message, groups)
    return false if message.user_ids && message.user_ids.exclude?(current_user&.id)
    message.group_ids.nil? || (message.group_ids & groups).any? || current_user&.admin
  end

  def message_json(message)
    message.to_h.slice(:global_id, :message_id, :channel, :data)
  end

  def topic_json(topic)
    { id: topic.id, title: topic.title, slug: topic.slug, posts_count: topic.posts.count }
  end

  def current_user_json(user)
    serialize_data(user, BasicUserSerializer, root: false).merge(
      admin: user.admin,
      staff: user.staff?,
      notification_channel_position: MessageBus.last_id("/notification/#{user.id}"),
    )
  end
end

Discourse::Application.routes.append do
  get "/session/csrf" => "stand_in_forum#csrf"
  get "/session/current" => "stand_in_forum#current"
  post "/session" => "stand_in_forum#login"
  delete "/session" => "stand_in_forum#logout"
  get "/site" => "stand_in_forum#site"
  get "/latest" => "stand_in_forum#topics"
  get "/t/:id" => "stand_in_forum#topic", :constraints => { id: /\d+/ }
  get "/t/:slug/:id(/:post_number)" => "stand_in_forum#topic"
  get "/u/:username" => "stand_in_forum#user"
  post "/admin/users/:id/merge" => "stand_in_forum#merge"
  get "/notifications" => "stand_in_forum#notifications"
  put "/notifications/mark-read" => "stand_in_forum#read_notifications"
  get "/letter_avatar_proxy/v4/letter/:letter/:size" => "stand_in_forum#avatar"
  post "/message-bus/:client_id/poll" => "stand_in_forum#poll"
end
Rails.application.reload_routes!
