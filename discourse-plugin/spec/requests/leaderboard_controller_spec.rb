# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::LeaderboardController do
  include_context "with a leaderboard"

  it "is hidden while the plugin or the leaderboard is off" do
    %i[fiber_link_enabled fiber_link_leaderboard_enabled].each do |setting|
      SiteSetting.set(setting, false)
      request
      expect(response.status).to eq(404)
      get "/fiber-link/leaderboard"
      expect(response.status).to eq(404)
      SiteSetting.set(setting, true)
    end
  end

  it "is open to visitors, counted by their address" do
    RateLimiter.enable
    61.times { request }
    expect(response.status).to eq(429)
    get "/fiber-link/leaderboard.json", env: { "REMOTE_ADDR" => "203.0.113.7" }
    expect(response.status).to eq(200)
    sign_in(viewer)
    request
    expect(response.status).to eq(200)
  end

  it "is a page where no JSON is asked for" do
    get "/fiber-link/leaderboard"
    expect(response.status).to eq(200)
    expect(response.media_type).to eq("text/html")
  end

  it "shows topics, creators and tippers with amounts and counts" do
    agree(author, reader)
    topic = Fabricate(:topic)
    2.times { tip("1.50", post: Fabricate(:post, topic: topic, user: author)) }
    request(period: "month", asset: "CKB")
    expect(response.status).to eq(200)
    expect(response).to match_fiber_link_schema("leaderboard")
    expect(board).to include(
      "period" => "month",
      "asset" => "CKB",
      "assets" => %w[CKB RUSD],
      "topics" => [
        {
          "rank" => 1,
          "topic" => {
            "id" => topic.id,
            "title" => topic.title,
            "url" => topic.relative_url,
          },
          "amount" => "3",
          "count" => 2,
        },
      ],
    )
    expect(people("creators")).to eq([[1, author.id, "3", 2]])
    expect(people("tippers")).to eq([[1, reader.id, "3", 2]])
  end

  it "begins with the week and the first asset, and knows no others" do
    request
    expect(board).to include("period" => "week", "asset" => "CKB")
    [{ period: "day" }, { asset: "BTC" }, { asset: ["CKB"] }, { period: "" }].each do |bad|
      request(bad)
      expect([bad, response.status]).to eq([bad, 400])
    end
  end

  it "adds no asset to another" do
    agree(author)
    tip("10")
    tip("3", asset: "RUSD")
    request(asset: "RUSD")
    expect(people("creators")).to eq([[1, author.id, "3", 1]])
    expect(board["topics"].size).to eq(1)
    request(asset: "CKB")
    expect(people("creators")).to eq([[1, author.id, "10", 1]])
  end

  describe "who is shown" do
    it "is nobody who has not agreed" do
      tip
      request
      expect(board).to include("creators" => [], "tippers" => [])
      expect(board["topics"].size).to eq(1)
    end

    it "is whoever agreed, however many got more and did not" do
      agree(author)
      tip("1")
      Array.new(11) { Fabricate(:user) }.each do |user|
        FiberLink::Preferences.change(user, notified: false)
        tip("5", post: Fabricate(:post, user: user))
      end
      request
      expect(people("creators")).to eq([[1, author.id, "1", 1]])
    end

    it "is nobody any more who takes it back, at once" do
      agree(author, reader)
      tip
      request
      expect(people("creators").size).to eq(1)
      FiberLink::Preferences.change(author, on_leaderboard: false)
      request
      expect(people("creators")).to eq([])
      expect(people("tippers").size).to eq(1)
    end

    it "is no tipper for what was tipped anonymously" do
      agree(author, reader)
      tip("10", anonymous: true)
      tip("1")
      request
      expect(people("tippers")).to eq([[1, reader.id, "1", 1]])
      expect(people("creators")).to eq([[1, author.id, "11", 2]])
    end

    it "is nobody for tips that were not paid" do
      agree(author, reader)
      %w[open expired failed].each { |state| tip(state: state, settled_at: nil) }
      request
      expect(board).to include("creators" => [], "tippers" => [], "topics" => [])
    end

    it "is nobody whose account is gone" do
      agree(author)
      tip(user: nil)
      tip(payee: nil)
      UserDestroyer.new(Fabricate(:admin)).destroy(author)
      request
      expect(response).to match_fiber_link_schema("leaderboard")
      expect(board).to include("creators" => [], "tippers" => [])
    end
  end

  describe "ranks" do
    it "are shared by those with the same amount, in the same order each time" do
      creators = Array.new(4) { Fabricate(:user) }
      agree(*creators)
      %w[5 9 5 1].zip(creators).reverse_each do |amount, user|
        tip(amount, post: Fabricate(:post, user: user))
      end
      request
      expect(people("creators").map { |row| row.first(3) }).to eq(
        [
          [1, creators[1].id, "9"],
          [2, creators[0].id, "5"],
          [2, creators[2].id, "5"],
          [4, creators[3].id, "1"],
        ],
      )
      expect(board["topics"].map { |row| row["rank"] }).to eq([1, 2, 2, 4])
    end

    it "end with ten" do
      users = Array.new(12) { Fabricate(:user) }
      agree(*users)
      users.each.with_index(1) do |user, n|
        tip(n.to_s, post: Fabricate(:post, user: user), user: user)
      end
      request
      expect(response).to match_fiber_link_schema("leaderboard")
      %w[topics creators tippers].each { |list| expect(board[list].size).to eq(10) }
      expect(people("creators").first).to eq([1, users.last.id, "12", 1])
    end

    it "compare amounts as numbers, exactly" do
      others = [Fabricate(:user), Fabricate(:user)]
      agree(author, *others)
      tip("9")
      tip("10", post: Fabricate(:post, user: others.first))
      tip("10.00000001", post: Fabricate(:post, user: others.second))
      request
      expect(people("creators").map { |row| row[2] }).to eq(%w[10.00000001 10 9])
    end
  end

  describe "periods" do
    it "go back from now" do
      agree(author)
      freeze_time(Time.zone.local(2026, 11, 28, 12))
      tip("1", settled_at: 6.days.ago)
      tip("2", settled_at: 8.days.ago)
      tip("4", settled_at: 40.days.ago)
      { "week" => "1", "month" => "3", "all" => "7" }.each do |period, amount|
        request(period: period)
        expect([period, people("creators").first[2]]).to eq([period, amount])
        expect([period, board["topics"].sum { |row| row["amount"].to_i }]).to eq(
          [period, amount.to_i],
        )
      end
    end

    it "are counted anew after a minute" do
      agree(author)
      freeze_time(Time.zone.local(2026, 11, 28, 12))
      tip("1")
      request
      tip("1")
      request
      expect(people("creators").first[2]).to eq("1")
      freeze_time(Time.zone.local(2026, 11, 28, 12, 1, 1))
      request
      expect(people("creators").first[2]).to eq("2")
    end
  end

  it "asks the database as often for ten as for one, and less once it has counted" do
    agree(author)
    tip
    first = track_sql_queries { request }.size
    users = Array.new(9) { Fabricate(:user) }
    agree(*users)
    users.each { |user| tip("2", post: Fabricate(:post, user: user)) }
    Discourse.cache.clear
    expect(track_sql_queries { request }.size).to eq(first)
    expect(board["creators"].size).to eq(10)
    expect(track_sql_queries { request }.grep(/FROM "fiber_link_tips"/)).to be_empty
  end
end
