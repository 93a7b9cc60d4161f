# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::PostTipsController do
  fab!(:reader, :user)
  fab!(:giver) { Fabricate(:user, name: "<b>Bold</b> & \"co\"") }
  fab!(:target_post, :post)

  before { SiteSetting.fiber_link_enabled = true }

  def index(id = target_post.id, **params)
    get "/fiber-link/posts/#{id}/tips.json", params: params
  end

  def json = response.parsed_body

  def tip(**attributes)
    Fabricate(:fiber_link_tip, post: target_post, user: giver, **attributes)
  end

  it "is hidden while the plugin is off" do
    SiteSetting.fiber_link_enabled = false
    index
    expect(response.status).to eq(404)
  end

  it "is for visitors too" do
    tip(message: "for you alone")
    index
    expect(response.status).to eq(200)
    expect(response).to match_fiber_link_schema("post_tips")
    expect(json["tips"].first).to include("amount" => "10", "message" => nil)
    expect(json["tips"].first["user"]["username"]).to eq(giver.username)
  end

  it "does not tell of a post that one may not see" do
    sign_in(reader)
    category = Fabricate(:private_category, group: Fabricate(:group))
    restricted = Fabricate(:post, topic: Fabricate(:topic, category: category))
    deleted = Fabricate(:post, deleted_at: 1.day.ago)
    [restricted.id, Fabricate(:whisper).id, deleted.id, 0].each do |id|
      index(id)
      expect(response.status).to eq(404)
    end
  end

  it "is limited, visitors by their address" do
    RateLimiter.enable
    61.times { index }
    expect(response.status).to eq(429)
    expect(json["extras"]["wait_seconds"]).to be_positive
    sign_in(reader)
    index
    expect(response.status).to eq(200)
  end

  it "shows messages to who gave the tip and who got it" do
    tip(message: "Thanks!")
    { giver => "Thanks!", target_post.user => "Thanks!", reader => nil }.each do |viewer, message|
      sign_in(viewer)
      index
      expect(json["tips"].first["message"]).to eq(message)
    end
  end

  it "names neither anonymous givers nor those whose account is gone" do
    tip(anonymous: true)
    tip(user: nil)
    index
    expect(json["tips"].map { |shown| shown["user"] }).to eq([nil, nil])
    expect(response.body).not_to include(giver.username)
  end

  it "has settled tips alone, the newest first, page by page" do
    settled = 35.times.map { |n| tip(settled_at: (n / 3).minutes.ago) }
    tip(state: "open")
    tip(state: "failed")
    index
    first = json["tips"].map { |shown| shown["id"] }
    expect(first.size).to eq(30)
    index(before: json["next"])
    second = json["tips"].map { |shown| shown["id"] }
    expect(json["next"]).to be_nil
    newest_first = settled.sort_by { |one| [one.settled_at, one.id] }.reverse
    expect(first + second).to eq(newest_first.map(&:tip_id))
  end

  it "takes nothing for a place that is none of this post" do
    elsewhere = Fabricate(:fiber_link_tip)
    ["x", elsewhere.tip_id].each do |place|
      index(before: place)
      expect(response.status).to eq(400)
    end
  end

  it "escapes names with markup" do
    tip
    index
    expect(json["tips"].first["user"]["name"]).to eq("<b>Bold</b> & \"co\"")
    expect(response.body).not_to include("<b>")
  end
end
