# frozen_string_literal: true

module StandIn
  # The settings of the environment, some people, and a topic with posts of theirs.
  module Seed
    SETTINGS = {
      "FIBER_LINK_URL" => :fiber_link_service_url,
      "FIBER_LINK_APP_ID" => :fiber_link_app_id,
      "FIBER_LINK_APP_SECRET" => :fiber_link_app_secret,
    }.freeze

    class << self
      def run
        SETTINGS.each { |name, setting| SiteSetting.set(setting, ENV.fetch(name)) }
        SiteSetting.fiber_link_enabled = true
        more = JSON.parse(ENV.fetch("STAND_IN_SETTINGS", "{}"))
        more.each { |name, value| SiteSetting.set(name, value) }
        people = make_people
        make_topic(people)
      end

      private

      def make_people
        {
          admin: { admin: true, trust_level: 4 },
          author: { name: "Ada Author" },
          tipper: { name: "Tim Tipper" },
          reader: { name: "Rita Reader" },
        }.to_h { |name, fields| [name, User.create!(username: name.to_s, **fields, **names(name))] }
      end

      def names(person)
        named = JSON.parse(ENV.fetch("STAND_IN_NAMES", "{}"))[person.to_s]
        named ? { name: named } : {}
      end

      def make_topic(people)
        topic = Topic.create!(title: "How the Fiber Network settles", user: people[:author])
        words = ["A post worth a tip.", "An answer of the reader.", "Another post of the author."]
        authors = people.values_at(:author, :reader, :author)
        words.zip(authors).each.with_index(1) do |(raw, user), number|
          Post.create!(topic: topic, user: user, post_number: number, raw: raw)
        end
      end
    end
  end
end
